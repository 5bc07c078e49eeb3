import type { ProjectTree } from '../../lib/schematics/project-tree.js';

/** Files of a project in memory, and the changes that a schematic makes to them. */
export class ProjectFiles implements ProjectTree {
  /** Paths that were created or overwritten since the last call of {@link takeChanges}. */
  private changes: string[] = [];

  constructor(private readonly files: Record<string, string>) {}

  exists(path: string): boolean {
    return path in this.files;
  }

  read(path: string): Uint8Array | null {
    return this.exists(path) ? new TextEncoder().encode(this.files[path]) : null;
  }

  create(path: string, content: string): void {
    if (this.exists(path)) throw new Error(`${path} exists already.`);
    this.put(path, content);
  }

  overwrite(path: string, content: string): void {
    if (!this.exists(path)) throw new Error(`${path} does not exist.`);
    this.put(path, content);
  }

  /** Text of a file; throws if the file does not exist. */
  text(path: string): string {
    const text = this.files[path];
    if (text === undefined) throw new Error(`${path} does not exist.`);
    return text;
  }

  paths(): string[] {
    return Object.keys(this.files).toSorted();
  }

  takeChanges(): string[] {
    const { changes } = this;
    this.changes = [];
    return changes.toSorted();
  }

  private put(path: string, content: string): void {
    this.files[path] = content;
    this.changes.push(path);
  }
}
