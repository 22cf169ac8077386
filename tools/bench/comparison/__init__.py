# SPDX-License-Identifier: Apache-2.0
"""The parts of tools/bench/compare: data sets, peers, measuring, figures, the table."""
