// Reads a JSON list of { source, flags } from standard input and prints the list of their statuses
// (safe, vulnerable, unknown). Runs in its own process: inside a Jest test file the analysis takes
// ten times as long.
import { text } from 'node:stream/consumers';
import { check } from 'recheck';

/** Limit for the analysis of one expression in milliseconds, more than ten times the usual time. */
const ANALYSIS_LIMIT = 30_000;

const statuses = [];
for (const { source, flags } of JSON.parse(await text(process.stdin))) {
  const { status } = await check(source, flags, { timeout: ANALYSIS_LIMIT });
  statuses.push(status);
}
process.stdout.write(JSON.stringify(statuses));
