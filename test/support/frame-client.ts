import type { Socket } from 'node:net';
import { TcpSegments } from './tcp-segments.js';

/** Reply to a frame. */
export interface Answer {
  /** Reply with its length prefix; empty without a reply. */
  readonly frame: string;
  readonly closed: boolean;
}

/** Writes raw frames and reads replies, without the transport of the package. */
export class FrameClient {
  private text = '';
  private ended = false;
  private changed: (() => void) | undefined;

  private readonly socket: Socket;

  private constructor(private readonly segments: TcpSegments) {
    const { client: socket } = segments;
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      this.text += String(text);
      this.changed?.();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.ended = true;
        this.changed?.();
      });
    }
  }

  static async open(port: number): Promise<FrameClient> {
    return new FrameClient(await TcpSegments.connect(port));
  }

  /** True when the server has closed the connection. */
  get closed(): boolean {
    return this.ended;
  }

  /**
   * Sends a frame, in one TCP segment or several.
   *
   * @param patience time to wait for a reply, in milliseconds
   * @param awaitsClose waits until the server closes after the reply
   */
  async ask(
    pieces: readonly string[],
    { patience = 10_000, awaitsClose = false } = {},
  ): Promise<Answer> {
    this.text = '';
    for (const piece of pieces) await this.segments.write(piece);
    const isDone = (): boolean => this.ended || (!awaitsClose && this.isComplete);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience);
      const check = (): void => {
        if (!isDone()) return;
        clearTimeout(timer);
        this.changed = undefined;
        resolve();
      };
      this.changed = check;
      check();
    });
    return { frame: this.text, closed: this.ended };
  }

  close(): void {
    this.socket.destroy();
  }

  private get isComplete(): boolean {
    return this.text.length >= 4 && this.text.length >= 4 + Number(this.text.slice(0, 4));
  }
}

/** Frame of a command, as recorded clients wrote it. */
export function frameOf(command: unknown, params: unknown): string {
  const text = JSON.stringify({ command, params });
  return String(text.length).padStart(4, '0') + text;
}
