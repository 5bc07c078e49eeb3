import { BackoffRetry, type PauseRange } from '../../../lib/uma/resources/backoff-retry.js';
import { ManualClock, settled } from '../../support/manual-clock.js';

/** A repeater of scripted outcomes; success where none is left. */
function repeater(...outcomes: (boolean | PauseRange)[]) {
  const clock = new ManualClock();
  const runs: number[] = [];
  const begun = clock.now();
  const one = new BackoffRetry(clock, async () => {
    runs.push((clock.now() - begun) / 1000);
    return outcomes.shift() ?? true;
  });
  return { clock, runs, one };
}

const pass = async (clock: ManualClock, seconds: number): Promise<void> => {
  for (let second = 0; second < seconds; second++) await clock.advance(1000);
};

describe('Repeater', () => {
  it('runs once where that succeeds', async () => {
    const { clock, runs, one } = repeater();
    one.start();
    await pass(clock, 300);
    expect(runs).toEqual([0]);
  });

  it('pauses 1 s, then twice as long up to 60 s, until it succeeds', async () => {
    const { clock, runs, one } = repeater(...Array<boolean>(9).fill(false));
    one.start();
    await settled();
    await pass(clock, 400);
    expect(runs).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  it('is one run for all that ask while it runs or waits', async () => {
    const { clock, runs, one } = repeater(false);
    for (let times = 0; times < 32; times++) one.start();
    await settled();
    for (let times = 0; times < 32; times++) one.start();
    await pass(clock, 1);
    expect(runs).toEqual([0, 1]);
  });

  it('keeps the pauses where success does not last, and begins anew after two quiet minutes', async () => {
    const { clock, runs, one } = repeater();
    for (let times = 0; times < 4; times++) {
      one.start();
      await settled();
      await pass(clock, 8);
    }
    expect(runs).toEqual([0, 8, 16, 24]);
    one.start();
    await pass(clock, 130);
    one.start();
    await settled();
    one.start();
    expect(clock.waiting).toEqual([1000]);
  });

  it('keeps a pause within the bounds that the work names', async () => {
    const hour = 3_600_000;
    const growing = { least: 1_000, most: hour };
    const { clock, runs, one } = repeater(...Array<PauseRange>(14).fill(growing));
    one.start();
    await settled();
    await pass(clock, 14_000);
    expect(runs).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095, 7695, 11_295]);
    const seldom = repeater({ least: hour, most: hour }, false, false);
    seldom.one.start();
    await settled();
    await pass(seldom.clock, 3_700);
    expect(seldom.runs).toEqual([0, 3600, 3660]);
  });

  it('tells how long to wait: at least a second', async () => {
    const { clock, one } = repeater(false, false, false);
    expect(one.wait).toBe(1000);
    one.start();
    await settled();
    expect(one.wait).toBe(1000);
    await pass(clock, 1);
    expect(one.wait).toBe(2000);
    await clock.advance(1500);
    expect(one.wait).toBe(1000);
  });

  it('ends with stop()', async () => {
    const { clock, runs, one } = repeater(false);
    one.start();
    await settled();
    one.stop();
    expect(clock.waiting).toEqual([]);
    one.start();
    await pass(clock, 5);
    expect(runs).toEqual([0]);
  });
});
