"""What a text must not be: rules of the publish gate, repair, and the word lists behind them.

Holds the modules of this room.
Add here: another rule, under its kind.
Keep out: which texts are judged and stored (proof/).
"""
