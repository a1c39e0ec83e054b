"""The words used inside: Call, Run, Usage, Cost, Payload, Finding."""
