import type { FrameAnswer, FrameDelivery, FrameHandler } from '../frames/frame-answer.js';
import type { CommandRunner, Outcome } from './command-runner.js';
import type { Faults } from './faults.js';
import { errorReply, okReply, unexpected } from './reply.js';
import { readRequest, type WireRequest } from './request.js';

/** Returns the handler of the TCP socket of oxd 3.1. */
export function frameHandler(runner: CommandRunner, faults: Faults): FrameHandler {
  return async (text): Promise<FrameAnswer> => {
    const request = requestIn(text);
    if (!request) return frameOf({ failure: unexpected() });
    const outcome = await runner.run(request);
    return faults.disturb(String(request.command), frameOf(outcome));
  };
}

/** @returns undefined when the text is no command */
function requestIn(text: string): WireRequest | undefined {
  try {
    return readRequest(text);
  } catch {
    return undefined;
  }
}

function frameOf(outcome: Outcome): { readonly text: string } & FrameDelivery {
  if ('data' in outcome) return { text: okReply(outcome.data) };
  return { text: errorReply(outcome.failure), close: outcome.failure.closes };
}
