#!/usr/bin/env node
import { runCommandLine } from './command-line.js';

// A timer or connection of a policy file must not keep the process running.
process.exit(await runCommandLine(process.argv.slice(2)));
