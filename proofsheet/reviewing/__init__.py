"""The review: sets before the eye of a person, and her verdicts.

Holds the verbs behind the review app.
Add here: another thing that a person does while reviewing.
Keep out: HTTP and pages (dagster_project/review/), what is learnt from verdicts (learn/), moving files (publish/).
"""
