"""What people say about when, in Hebrew and in English, and what they mean by it."""
