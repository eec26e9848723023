"""Turn exported infusion and dispensing records into a report that can be traced."""
