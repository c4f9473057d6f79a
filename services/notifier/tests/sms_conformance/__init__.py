"""One suite for every way in which SMS leave: the same cases against SMS centres and gateways of several makers.

A case (cases.py) is data: what is sent, what the line does meanwhile (faults.py), what must come of it. The faults are
put in by a proxy (proxy.py) on the SMPP link before the centre, so that each peer (peer.py) meets all of them.
A new peer: a `Peer`, and a test file of a few lines like ../test_notifier_conformance_smpp34.py.
"""
