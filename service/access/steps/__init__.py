"""Parts of signing in: passwords and second factors."""
