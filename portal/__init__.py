"""The web application in which people read the lists and say what they did about a pupil.

It reads lists as they were published, and owns the follow-up; it changes no verdict, and nothing in
the lake. See docs/portal.md.
"""
