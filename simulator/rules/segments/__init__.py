"""Braze segments: a pure tree of filters, its saved form, its judge, its size and its words (SEG-1)."""

from simulator.rules.segments.facts import ProfileFacts as ProfileFacts
from simulator.rules.segments.form import SegmentFormError as SegmentFormError
from simulator.rules.segments.form import parse as parse
from simulator.rules.segments.form import parse_connected_audience as parse_connected_audience
from simulator.rules.segments.form import to_form as to_form
from simulator.rules.segments.judge import judge as judge
from simulator.rules.segments.size import Estimate as Estimate
from simulator.rules.segments.size import estimated_size as estimated_size
from simulator.rules.segments.tree import AllOf as AllOf
from simulator.rules.segments.tree import AnyOf as AnyOf
from simulator.rules.segments.tree import Comparison as Comparison
from simulator.rules.segments.tree import Filter as Filter
from simulator.rules.segments.tree import Kind as Kind
from simulator.rules.segments.tree import Tree as Tree
from simulator.rules.segments.words import cohort_title as cohort_title
from simulator.rules.segments.words import describe as describe
