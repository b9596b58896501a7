"""Published lists go to who may read them: copies at a target, notices, and what lies where."""
