"""From documents to reflections, in stages that can be interrupted; also their import from elsewhere."""
