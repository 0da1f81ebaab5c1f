"""Is the winner luck?"""
