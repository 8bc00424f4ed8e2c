"""The console: a local page that shows the embedded pipeline while it runs. It reads, and changes nothing.

It binds 127.0.0.1, fetches nothing from anywhere else, and is asked by its own page; `app` documents what a program can ask.
"""
