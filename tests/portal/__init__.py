"""The portal, its pages, its login and what attacks them."""
