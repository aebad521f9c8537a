"""A page's elements -> those that are its main content, captions on their pictures: rules that read, and never parse."""
