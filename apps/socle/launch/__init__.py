"""Everything that starts and stops the platform on one machine.

Django's settings import this package to find the embedded database server, so nothing here may
import Django.
"""
