/** Removes a byte order mark, too. */
const UTF8 = new TextDecoder();

/** Response whose body has been read. */
export class ReceivedResponse {
  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string | string[] | undefined>>,
    readonly body: Buffer,
  ) {}

  /** The body as text. */
  get text(): string {
    return UTF8.decode(this.body);
  }
}
