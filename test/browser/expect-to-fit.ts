import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** Sizes of windows at which pages are looked at. */
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };

/** Nothing reaches over the edge. With SCREENSHOTS set to a folder, a picture goes there. */
export async function expectToFit(page: Page, name: string): Promise<void> {
  await untilStyled(page);
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

const IS_STYLED =
  "[...document.querySelectorAll('link[rel=stylesheet]')].every(({ sheet }) => sheet)";

/**
 * Waits for the style sheets: without them, a page is wider. Not for the event `load`, which a page that is
 * being left may never fire. Not with `waitForFunction()`, whose repetitions the Content-Security-Policy of
 * some pages blocks.
 */
async function untilStyled(page: Page): Promise<void> {
  for (let tries = 0; !(await page.evaluate(IS_STYLED)); tries += 1) {
    expect(tries).toBeLessThan(100);
    await page.waitForTimeout(50);
  }
}
