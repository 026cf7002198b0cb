"""The pages, thin: each puts components in their places."""
