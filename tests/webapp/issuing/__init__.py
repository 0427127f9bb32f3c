"""Tests of 证书发放."""
