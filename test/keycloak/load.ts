import { setTimeout as pause } from 'node:timers/promises';
import type { Api, ApiResponse } from './api.js';

/** Time between two requests of one requester, in milliseconds. */
const INTERVAL = 25;

/** Requests that are repeated until {@link Load.stop}. */
export interface Requester {
  readonly path: string;
  readonly bearer?: string;
}

interface Recorded extends ApiResponse {
  readonly phase: string;
}

/**
 * Light load: every requester repeats one request and waits for each response. A response belongs to
 * the phase in which its request began, and only if that phase lasted until the response.
 */
export class Load<Name extends string> {
  private phase = '';
  private over = false;
  private readonly recorded = new Map<Name, Recorded[]>();
  private readonly running: Promise<unknown>;

  constructor(
    private readonly api: Api,
    requesters: Readonly<Record<Name, Requester>>,
  ) {
    const entries = Object.entries(requesters) as [Name, Requester][];
    this.running = Promise.all(entries.map(([name, requester]) => this.run(name, requester)));
  }

  /** Begins a phase. */
  begin(phase: string): void {
    this.phase = phase;
  }

  /** Waits until every requester has this many responses in the current phase. */
  async responses(count: number): Promise<void> {
    const { phase } = this;
    const names = [...this.recorded.keys()];
    while (names.some((name) => this.of(name, phase).length < count)) await pause(INTERVAL);
  }

  /** Waits until the newest response to a requester has this status. */
  async until(name: Name, status: number): Promise<void> {
    while (this.recorded.get(name)?.at(-1)?.status !== status) await pause(INTERVAL);
  }

  /** Responses to a requester in a phase. */
  of(name: Name, phase: string): readonly ApiResponse[] {
    return (this.recorded.get(name) ?? []).filter((one) => one.phase === phase);
  }

  /** Different statuses of a requester in a phase, or in all phases. */
  statuses(name: Name, phase?: string): number[] {
    const responses = this.recorded.get(name) ?? [];
    const chosen = responses.filter((one) => phase === undefined || one.phase === phase);
    return [...new Set(chosen.map(({ status }) => status))].toSorted((a, b) => a - b);
  }

  /** Ends the load. */
  async stop(): Promise<void> {
    this.over = true;
    await this.running;
  }

  /** Ends the load, for the helper that closes things after a test. */
  close(): Promise<void> {
    return this.stop();
  }

  private async run(name: Name, { path, bearer }: Requester): Promise<void> {
    const recorded: Recorded[] = [];
    this.recorded.set(name, recorded);
    while (!this.over) {
      const { phase } = this;
      const response = await this.api.ask(path, bearer);
      recorded.push({ ...response, phase: phase === this.phase ? phase : `${phase}, ended` });
      await pause(INTERVAL);
    }
  }
}
