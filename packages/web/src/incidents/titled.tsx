/** A title, with the link that its source gave; the link tells the other side nothing of where it was read. */
export function Titled({ title, link }: { readonly title: string; readonly link: string | null }) {
	if (link === null) return <span>{title}</span>;
	return (
		<a href={link} rel="noreferrer" target="_blank">
			{title}
		</a>
	);
}
