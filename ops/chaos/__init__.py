"""The fault harness: a real stack under a seeded load while its parts are killed, paused, cut off and starved; then the
audit, and a ledger of what was sent that another program compares with the log.

`plan` says what goes wrong and when, `load` what partners send, `proxy` is the network, `injection` does the harm,
`ledger` writes down what was sent and acknowledged, `run` ties them together, `verdict` judges and imports nothing of ours,
`sabotaged` runs the hub's processes with one protection taken away.
"""
