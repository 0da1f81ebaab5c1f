"""Search methods: they see positions and scores only."""
