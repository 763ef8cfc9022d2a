"""What to do about a finding: the smallest change that mends it, tried, carried out and proven.

`plan.plan` makes steps of a problem; `draft` shows what they make of files; `apply` carries them
out in an org and reads back; edits keep every byte that they do not mean.
"""
