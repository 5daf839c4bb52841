/** Why a file or folder could not be written, in words instead of a system call. */
export function whyNotWritten(error: unknown): string {
	const { code, path, message } = error as NodeJS.ErrnoException;
	switch (code) {
		case "EEXIST":
		case "ENOTDIR":
			return `${path} leads through a file that is no folder`;
		case "EACCES":
		case "EPERM":
			return `writing to ${path} is not allowed`;
		case "EROFS":
			return `${path} is on a read-only disk`;
		case "ENOSPC":
			return "the disk is full";
		default:
			return message;
	}
}
