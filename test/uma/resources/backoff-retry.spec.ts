import { BackoffRetry, type PauseRange } from '../../../lib/uma/resources/backoff-retry.js';
import { ManualClock, settled } from '../../support/manual-clock.js';

/** Starts a retry with scripted outcomes; later runs succeed. */
function scripted(...outcomes: (boolean | PauseRange)[]) {
  const clock = new ManualClock();
  const runs: number[] = [];
  const begun = clock.now();
  const retry = new BackoffRetry(clock, async () => {
    runs.push((clock.now() - begun) / 1000);
    return outcomes.shift() ?? true;
  });
  return { clock, runs, retry };
}

/** Advances a clock from one pending task to the next. */
const pass = async (clock: ManualClock, seconds: number): Promise<void> => {
  for (let left = seconds * 1000; left > 0;) {
    const step = Math.min(clock.waiting[0] ?? left, left);
    await clock.advance(step);
    left -= step;
  }
};

describe('BackoffRetry', () => {
  it('runs once after a success', async () => {
    const { clock, runs, retry } = scripted();
    retry.start();
    await pass(clock, 300);
    expect(runs).toEqual([0]);
  });

  it('pauses 1 s, then twice as long up to 60 s, until it succeeds', async () => {
    const { clock, runs, retry } = scripted(...Array<boolean>(9).fill(false));
    retry.start();
    await settled();
    await pass(clock, 400);
    expect(runs).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  it('shares one run between all starts during a run or a pause', async () => {
    const { clock, runs, retry } = scripted(false);
    for (let times = 0; times < 32; times++) retry.start();
    await settled();
    for (let times = 0; times < 32; times++) retry.start();
    await pass(clock, 1);
    expect(runs).toEqual([0, 1]);
  });

  it('continues the pauses if success does not last, and resets them after two quiet minutes', async () => {
    const { clock, runs, retry } = scripted();
    for (let times = 0; times < 4; times++) {
      retry.start();
      await settled();
      await pass(clock, 8);
    }
    expect(runs).toEqual([0, 8, 16, 24]);
    retry.start();
    await pass(clock, 130);
    retry.start();
    await settled();
    retry.start();
    expect(clock.waiting).toEqual([1000]);
  });

  it('limits a pause to the bounds that the work returns', async () => {
    const hour = 3_600_000;
    const growing = { min: 1_000, max: hour };
    const { clock, runs, retry } = scripted(...Array<PauseRange>(14).fill(growing));
    retry.start();
    await settled();
    await pass(clock, 14_000);
    expect(runs).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095, 7695, 11_295]);
    const hourly = scripted({ min: hour, max: hour }, false, false);
    hourly.retry.start();
    await settled();
    await pass(hourly.clock, 3_700);
    expect(hourly.runs).toEqual([0, 3600, 3660]);
  });

  it('returns the time to wait, at least a second', async () => {
    const { clock, retry } = scripted(false, false, false);
    expect(retry.wait).toBe(1000);
    retry.start();
    await settled();
    expect(retry.wait).toBe(1000);
    await pass(clock, 1);
    expect(retry.wait).toBe(2000);
    await clock.advance(1500);
    expect(retry.wait).toBe(1000);
  });

  it('does not run again after stop()', async () => {
    const { clock, runs, retry } = scripted(false);
    retry.start();
    await settled();
    retry.stop();
    expect(clock.waiting).toEqual([]);
    retry.start();
    await pass(clock, 5);
    expect(runs).toEqual([0]);
  });
});
