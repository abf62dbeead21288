"""Mail that leaves: composing and deciding when (pure), sending (shell)."""
