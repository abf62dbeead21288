"""Signing in with OAuth 2 tokens: asks the provider's token endpoint, and keeps what it gives."""
