import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

let runs = 0;

/** Tests of a file that must not notice an earlier one, and that leaves traces for the next one. */
export function describeTraces(): void {
  it('finds no traces', () => {
    expect(runs).toBe(0);
    expect(process.env.OXD_LEFT_OVER).toBeUndefined();
    expect(URL.canParse('')).toBe(false);
    expect(Logger.isLevelEnabled('log')).toBe(true);
  });

  it('leaves traces', () => {
    runs += 1;
    process.env.OXD_LEFT_OVER = 'true';
    jest.spyOn(URL, 'canParse').mockReturnValue(true);
    Logger.overrideLogger(false);
    expect(URL.canParse('')).toBe(true);
  });
}
