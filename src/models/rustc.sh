#!/bin/sh
# Compiles the crates of this workspace for the models of threads, as cargo's RUSTC_WORKSPACE_WRAPPER. Other crates are those of
# the tests, so they are not built twice.
exec "$@" --cfg models
