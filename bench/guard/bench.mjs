// npm run bench:guard (after a build): one protected route on Express and on Fastify, with a guard per
// contestant, see `--help`. Each application, the stub servers and the load generator run in processes
// of their own; the application has a core for itself. Figures are medians over rounds in which all
// contestants run in short succession, so that other load on the machine affects all alike.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startProcess } from '../support/processes.mjs';
import { startApplication } from './measured-application.mjs';
import { readOptions } from './options.mjs';
import { printProfile, printTable, summaryOf } from './report.mjs';

const STUB_CORE = 1;

const options = readOptions(process.argv.slice(2));
const stubs = startProcess(new URL('stub-servers.mjs', import.meta.url), STUB_CORE);
const load = startProcess(new URL('../support/load.mjs', import.meta.url), STUB_CORE);
const shared = { stubs, load, poll: options.poll };

const summaries = {};
for (const platform of options.platforms) {
  summaries[platform] = await measurePlatform(platform);
  printTable(platform, summaries[platform], options);
}
await Promise.all([stubs.stop(), load.stop()]);
console.log(JSON.stringify({ bench: 'guard', ...summaries }));

async function measurePlatform(platform) {
  const applications = [];
  for (const contestant of options.contestants) {
    const application = await startApplication({ contestant, platform, ...shared });
    await application.checkResponses();
    await application.warmUp();
    applications.push(application);
  }
  for (let round = 0; round < options.rounds; round += 1) {
    // Alternates the order, so that no contestant always runs after the same one.
    for (const application of round % 2 ? applications : applications.toReversed()) {
      await application.measure(options.milliseconds);
    }
  }
  for (const application of applications) {
    if (options.requests > 0) await application.measureHeap(options.requests);
    if (options.profiles) await profile(application, platform);
    await application.stop();
  }
  return summaryOf(applications);
}

async function profile(application, platform) {
  await mkdir(options.profiles, { recursive: true });
  const file = join(options.profiles, `${platform}-${application.name}.cpuprofile`);
  printProfile(file, await application.profile(options.milliseconds, file));
}
