"""What people recorded in the portal, brought into the lake without their texts."""
