"""`bench tail`: contenders raced in virtual time, judged against the best that is possible."""
