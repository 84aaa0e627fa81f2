"""Power cuts: what they may leave of a run on disk, and whether cartrl goes on from it.

    python -m tests.powercut

`recorder` notes the file operations of a real training. `disk` says which of them a power cut may undo, and `states`
builds the trees of files that this leaves. `scenes` trains and resumes, `resume` judges what comes of each state.
"""
