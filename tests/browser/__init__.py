"""Pages in a real Chromium, also behind real proxies."""
