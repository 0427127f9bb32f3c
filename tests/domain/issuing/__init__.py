"""Tests of 证书发放's records."""
