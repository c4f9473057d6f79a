"""`notify preview`: a centre's texts as crews and callers will read them."""

from typing import Annotated, Final

import typer
from rich.markup import escape
from siaga_kit.embedded.errors import StackError
from siaga_notifier.core import links
from siaga_notifier.core.message import Words
from siaga_notifier.core.preview import preview
from siaga_tenants import load_tenants

from siaga_cli.callers import TenantOf
from siaga_cli.cluster import tenants_dir
from siaga_cli.console import out

EXAMPLE_TOKEN: Final = "2iLkJdgtVp1Y87YiJgXeJLNZ"  # noqa: S105  (opens nothing: it was signed with a key that is gone)


def notify_preview(
    context: typer.Context,
    *,
    tenant: TenantOf,
    public_url: Annotated[
        str, typer.Option("--public-url", help="Address of the notifier's door outside, as links will have it.")
    ] = "",
) -> None:
    """Show a centre's texts filled with an example, and what each takes of an SMS of 160 places."""
    tenants = load_tenants(tenants_dir(context.obj))
    if tenant not in tenants:
        raise StackError(f"no tenant {tenant!r}", f"those there are: {', '.join(sorted(tenants))}")
    messages = tenants[tenant].messages
    link = links.address(public_url, EXAMPLE_TOKEN) if public_url else ""
    for one in preview(Words(dict(messages), dict(messages.type_labels)), messages.mass_texts, link):
        out.print(f"[bold]{escape(one.name)}[/]  {one.places} places, {one.segments} SMS", highlight=False)
        out.print(f"  {escape(one.text)}", highlight=False)
