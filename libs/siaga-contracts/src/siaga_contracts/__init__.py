"""The contracts of Siaga112: topics, envelopes, identifiers, caller keys, validation.

The messages themselves are generated into `siaga.v1` from `protos/siaga/v1`.
"""
