import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** Sizes of windows at which pages are looked at. */
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };

/** Nothing reaches over the edge. With SCREENSHOTS set to a folder, a picture goes there. */
export async function expectToFit(page: Page, name: string): Promise<void> {
  // Without its style sheet, a page is wider. Not `load`: a page that is being left may never fire it.
  await page.waitForFunction(
    "[...document.querySelectorAll('link[rel=stylesheet]')].every(({ sheet }) => sheet)",
  );
  const { SCREENSHOTS } = process.env;
  if (SCREENSHOTS) {
    const file = `${name}-${page.viewportSize()?.width}.png`;
    await page.screenshot({ path: join(SCREENSHOTS, file), fullPage: true });
  }
  const [needed, there] = (await page.evaluate(
    'let { scrollWidth, clientWidth } = document.documentElement; [scrollWidth, clientWidth]',
  )) as [number, number];
  expect(needed).toBeLessThanOrEqual(there);
}
