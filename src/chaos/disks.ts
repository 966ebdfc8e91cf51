// A disk of its own for each node, so that it can be full or lose power: a file system in a file, mounted. Linux, as root.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import path from 'node:path';

const diskBytes = 1024 * 1024 * 1024;
/** FS_IOC_SHUTDOWN with flag 2 (NOLOGFLUSH): what was not yet written out is gone, as when power fails. */
const shutdownScript =
  'my $how = pack("L", 2); open(F, "<", $ARGV[0]) or die $!; ioctl(F, 0x8004587d, $how) or die $!;';

/** Why this machine has no such disks; undefined when it has. */
export function whyNoDisks(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root, to mount a disk';
  if (!existsSync('/dev/loop-control')) return 'there are no loop devices here';
  const missing = ['mkfs.ext4', 'mount', 'umount', 'fallocate', 'perl'].find(
    tool => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0,
  );
  return missing === undefined ? undefined : `it needs the command ${missing}`;
}

/** The disks of a test cluster, below one directory. */
export class LoopDisks {
  private readonly mounted = new Set<string>();
  private readonly atExit = () => this.remove();

  constructor(private readonly dir: string) {
    process.once('exit', this.atExit);
  }

  /** Makes and mounts a disk. */
  make(name: string): void {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    const image = this.imageOf(name);
    const file = openSync(image, 'w', 0o600);
    ftruncateSync(file, diskBytes);
    closeSync(file);
    run('mkfs.ext4', '-q', '-m', '0', image);
    mkdirSync(this.mountOf(name));
    this.mount(name);
  }

  /** Where a node's store lies: below the disk's root, so that it can be deleted. */
  storeOf(name: string): string {
    return path.join(this.mountOf(name), 'store');
  }

  /** What was written and not fsynced is lost. Nothing can be stored until `restorePower`; end what uses it in between. */
  cutPower(name: string): void {
    run('perl', '-e', shutdownScript, this.mountOf(name));
  }

  /** Mounts the disk anew, with what reached it. */
  restorePower(name: string): void {
    run('umount', this.mountOf(name));
    this.mounted.delete(name);
    this.mount(name);
  }

  /** Takes all that is free, but for `leaveBytes` or, where others write meanwhile, less. */
  fill(name: string, leaveBytes = 0): void {
    const filler = this.fillerOf(name);
    const { bsize } = statfsSync(this.mountOf(name));
    const excess = () => statfsSync(this.mountOf(name)).bavail * bsize - leaveBytes;
    for (let bytes = excess(); bytes >= bsize; ) {
      const from = existsSync(filler) ? statSync(filler).size : 0;
      try {
        run('fallocate', '-o', String(from), '-l', String(bytes), filler);
        bytes = excess();
      } catch (error) {
        // What was free a moment ago, its writer has taken by now: so much less is to be taken.
        if (!String(error).includes('No space left')) throw error;
        bytes = Math.min(Math.floor(bytes / 2), excess());
      }
    }
  }

  /** Undoes `fill`. */
  free(name: string): void {
    rmSync(this.fillerOf(name), { force: true });
  }

  /** Unmounts and deletes all; their users have ended. */
  remove(): void {
    this.unmountAll();
    process.off('exit', this.atExit);
    rmSync(this.dir, { recursive: true, force: true });
  }

  private mount(name: string): void {
    run('mount', '-o', 'loop', this.imageOf(name), this.mountOf(name));
    this.mounted.add(name);
  }

  private unmountAll(): void {
    for (const name of this.mounted) spawnSync('umount', ['-l', this.mountOf(name)]);
    this.mounted.clear();
  }

  private imageOf(name: string): string {
    return path.join(this.dir, `${name}.img`);
  }

  private mountOf(name: string): string {
    return path.join(this.dir, name);
  }

  private fillerOf(name: string): string {
    return path.join(this.mountOf(name), 'filler');
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status === 0) return;
  throw new Error(`${command} ${args.at(-1) ?? ''} failed: ${error?.message ?? stderr.trim()}`);
}
