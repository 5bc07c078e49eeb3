import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PATH = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts Chromium without a window. */
export async function startChromium(): Promise<Browser> {
  if (!existsSync(PATH)) {
    throw new Error(
      `This suite needs Chromium, and there is none at ${PATH}. ` +
        'Install it (apt-get install -y chromium), or set CHROMIUM to its path.',
    );
  }
  return chromium.launch({ executablePath: PATH, headless: true });
}
