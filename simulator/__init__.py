"""absim: a local simulator and contract-test harness for the Amplitude-to-Braze integration."""
